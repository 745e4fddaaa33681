"""What others have published for filling holes: a weight file, a model's name, and words. Loads nothing."""

from tam_core.checkpoints import Checkpoint
from tam_core.hub import HubModel

BIG_LAMA = Checkpoint(
    file_name="big-lama.pt",
    url="https://github.com/Sanster/models/releases/download/add_big_lama/big-lama.pt",
    size=205_669_692,
    sha256="344c77bbcb158f17dd143070d1e789f38a66c04202311ae3a258ef66667a9ea9",
)
"""LaMa's authors' big-lama as a TorchScript file, as IOPaint distributes it. The release is older than GitHub's
digests; size and SHA-256 are those that several projects have published for the file with IOPaint's MD5."""

INPAINTING = HubModel("stable-diffusion-v1-5/stable-diffusion-inpainting", size=5_480_000_000, kind="Inpaint")
"""The inpainting model that is used unless another is named: 512 pixels, licence CreativeML Open RAIL-M."""

VIDEO = HubModel("Wan-AI/Wan2.1-VACE-1.3B-diffusers", size=19_000_000_000, kind="WanVACE")
"""The video model that is used unless another is named: 480 x 832 pixels, licence Apache-2.0 (arXiv 2503.07598)."""

PROMPT = "empty background, nothing there"
"""What is asked for where an object was taken away and nobody says what is behind it."""

NEGATIVE_PROMPT = "person, animal, vehicle, object, text, watermark"
"""What a model likes to put into a hole that is to be empty."""
