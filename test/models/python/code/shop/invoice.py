from .rounding import to_cents


def total(price, count, discount, fees):
    return to_cents(price * count * (1 - discount) + sum(fees))
