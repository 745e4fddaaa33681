"""The parts of ``inpaint.replace``: following an object, what goes in its place, and making that look as if filmed."""
