"""How well removal works, on scenes whose true background is known. Measures; prints nothing and keeps no file."""
