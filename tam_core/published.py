"""The published weight files that engines ask for: addresses, sizes and SHA-256. Nothing here is ours."""

from tam_core.checkpoints import Checkpoint, CheckpointFolder

_SAM = "https://dl.fbaipublicfiles.com/segment_anything"
_SAM2 = "https://dl.fbaipublicfiles.com/segment_anything_2/092824"
_EDGETAM = "https://github.com/facebookresearch/EdgeTAM/raw/7711e012a30a2402c4eaab637bdb00a521302c91/checkpoints"
_XMEM = "https://github.com/hkchengrex/XMem/releases/download/v1.0"
_CLIP = "https://huggingface.co/openai/clip-vit-base-patch32/resolve/b33cedfd0df4e43b8238760678fcc89e1a0d38b3"

SAM_VIT_B = Checkpoint(
    file_name="sam_vit_b_01ec64.pth",
    url=f"{_SAM}/sam_vit_b_01ec64.pth",
    size=375_042_383,
    sha256="ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
)
SAM_VIT_L = Checkpoint(
    file_name="sam_vit_l_0b3195.pth",
    url=f"{_SAM}/sam_vit_l_0b3195.pth",
    size=1_249_524_607,
    sha256="3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
)
SAM_VIT_H = Checkpoint(
    file_name="sam_vit_h_4b8939.pth",
    url=f"{_SAM}/sam_vit_h_4b8939.pth",
    size=2_564_550_879,
    sha256="a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
)
SAM2_TINY = Checkpoint(
    file_name="sam2.1_hiera_tiny.pt",
    url=f"{_SAM2}/sam2.1_hiera_tiny.pt",
    size=156_008_466,
    sha256="7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69",
)
SAM2_SMALL = Checkpoint(
    file_name="sam2.1_hiera_small.pt",
    url=f"{_SAM2}/sam2.1_hiera_small.pt",
    size=184_416_285,
    sha256="6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38",
)
SAM2_BASE_PLUS = Checkpoint(
    file_name="sam2.1_hiera_base_plus.pt",
    url=f"{_SAM2}/sam2.1_hiera_base_plus.pt",
    size=323_606_802,
    sha256="a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5",
)
SAM2_LARGE = Checkpoint(
    file_name="sam2.1_hiera_large.pt",
    url=f"{_SAM2}/sam2.1_hiera_large.pt",
    size=898_083_611,
    sha256="2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318",
)
EDGETAM = Checkpoint(
    file_name="edgetam.pt",
    url=f"{_EDGETAM}/edgetam.pt",
    size=56_116_523,
    sha256="ed2d4850b8792c239689b043c47046ec239b6e808a3d9b6ae676c803fd8780df",
)
XMEM = Checkpoint(
    file_name="XMem.pth",
    url=f"{_XMEM}/XMem.pth",
    size=249_026_057,
    sha256=None,  # the release is older than GitHub's digests, and its page names none
)
_CLIP_FOLDER = "clip-vit-base-patch32"
CLIP = CheckpointFolder(
    _CLIP_FOLDER,
    (
        Checkpoint(
            file_name=f"{_CLIP_FOLDER}/config.json",
            url=f"{_CLIP}/config.json",
            size=4_186,
            sha256="b575ef3c36f2a057fa19e221650105052d61cc9c1a972ec15019c6261ec98770",
        ),
        Checkpoint(
            file_name=f"{_CLIP_FOLDER}/tokenizer.json",
            url=f"{_CLIP}/tokenizer.json",
            size=2_224_041,
            sha256="b556ac8c99757ffb677208af34bc8c6721572114111a6e0aaf5fa69ff0b8d842",
        ),
        Checkpoint(
            file_name=f"{_CLIP_FOLDER}/model.safetensors",
            url=f"{_CLIP}/model.safetensors",
            size=605_157_884,
            sha256="99d28a652e6ec46629ab7047a0ac82c69b1fe11e0ce672c43af65d3a9a3fc05d",
        ),
    ),
)
