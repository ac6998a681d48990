def to_cents(amount):
    return round(float(amount), 2)
