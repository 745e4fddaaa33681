"""How good engines are on data whose answers are known: sequences, simulated users, scores. Prints and keeps nothing.

``sequences`` and ``layouts`` read data sets; ``clicks`` is the simulated user; ``vos``, ``interactive`` and ``stills``
are the protocols; ``scores`` says how good what they find is, and ``groups`` for whom; ``sweeps`` change one setting.
"""
