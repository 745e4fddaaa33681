"""The one table of inpainters. To add one: a file beside this one and a row here."""

from tam_core.registry import EngineSpec, Parameter, Registry

INPAINTERS = Registry(
    EngineSpec(
        name="plate",
        role="inpainter",
        loader="inpaint.engines.plate:load",
        summary="copies the background from frames that saw it, invents the rest once; nothing to download",
        licence="Apache-2.0",
        rank=10,
        parameters=(
            Parameter("window", "int", 40, "frames filled together; more of them need more memory", "frames", 16, 160),
        ),
    ),
)
