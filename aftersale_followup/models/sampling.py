import hashlib


def rank(seed, number):
    """Return the place of record ``number`` in the draw with ``seed``: the same for ever, whoever else takes part."""
    return hashlib.sha256(f"{seed}:{number}".encode()).digest()


def largest_remainder(counts, size):
    """Return {key: seats} that share ``size`` among the groups of ``counts`` in proportion, by largest remainder.

    ``size`` is at most the sum of the counts, so that no group gets more than it has. Ties go to the larger group,
    then to the smaller key.
    """
    total = sum(counts.values())
    shares = {key: divmod(count * size, total) for key, count in counts.items()} if total else {}
    seats = {key: whole for key, (whole, _rest) in shares.items()}
    order = sorted(shares, key=lambda key: (-shares[key][1], -counts[key], key))
    for key in order[: size - sum(seats.values())]:
        seats[key] += 1
    return seats
