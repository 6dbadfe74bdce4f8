"""Numbers that look like real identifiers and never are: every checksum is wrong on purpose."""

import random
import string
from datetime import date

_MRZ_WEIGHTS = (7, 3, 1)


def digits(draw: random.Random, count: int) -> str:
    """A string of `count` digits whose first is not 0."""
    return str(draw.randint(1, 9)) + "".join(draw.choice(string.digits) for _ in range(count - 1))


def luhn_holds(number: str) -> bool:
    """Whether the digits pass the Luhn check that SIREN and SIRET numbers use."""
    total = 0
    for position, char in enumerate(reversed(number)):
        value = int(char) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def invalid_siret(draw: random.Random) -> str:
    """14 digits of which neither the first 9 (SIREN) nor all pass the Luhn check."""
    while True:
        number = digits(draw, 9) + "000" + digits(draw, 2)
        if not luhn_holds(number) and not luhn_holds(number[:9]) and not number.startswith("356000000"):
            return number


def iban_holds(iban: str) -> bool:
    """Whether an IBAN passes the check of ISO 13616 (remainder 1 modulo 97)."""
    compact = iban.replace(" ", "")
    rearranged = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in rearranged)) % 97 == 1


def invalid_iban(draw: random.Random, language: str) -> str:
    """An IBAN of the country's length whose check digits are wrong; no spaces."""
    if language == "fr":
        country, body = "FR", digits(draw, 10) + digits(draw, 11) + digits(draw, 2)
    else:
        country, body = "GB", _bank_letters(draw) + digits(draw, 14)
    right = 98 - int("".join(str(int(char, 36)) for char in body + country + "00")) % 97
    wrong = 2 + (right - 2 + draw.randint(1, 96)) % 97
    return f"{country}{wrong:02d}{body}"


def rib_key_holds(bank: str, branch: str, account: str, key: str) -> bool:
    """Whether the key of a French RIB fits its bank, branch and account digits."""
    return (89 * int(bank) + 15 * int(branch) + 3 * int(account) + int(key)) % 97 == 0


def invalid_rib_key(draw: random.Random, bank: str, branch: str, account: str) -> str:
    """A two-digit RIB key that does not fit."""
    right = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    return f"{1 + (right - 1 + draw.randint(1, 96)) % 97:02d}"


def _bank_letters(draw: random.Random) -> str:
    return "ZZ" + "".join(draw.choice("QXVZ") for _ in range(2))


def invalid_bic(draw: random.Random, language: str) -> str:
    """A BIC of 8 characters with a bank code that starts with ZZ."""
    return _bank_letters(draw) + ("FR" if language == "fr" else "GB") + draw.choice(["2Q", "P0", "0X"])


def vat_key_holds(number: str) -> bool:
    """Whether a French VAT number `FRkksssssssss` has the key that its SIREN asks for."""
    return int(number[2:4]) == (12 + 3 * (int(number[4:]) % 97)) % 97


def invalid_vat(draw: random.Random, siret: str, language: str) -> str:
    """A VAT number with a wrong key in French, a number outside the issued ranges in English."""
    if language == "en":
        return "GB 000 " + digits(draw, 4) + " " + digits(draw, 2)
    right = (12 + 3 * (int(siret[:9]) % 97)) % 97
    return f"FR{(right + draw.randint(1, 96)) % 97:02d}{siret[:9]}"


def social_key_holds(number: str) -> bool:
    """Whether the last two of 15 digits are the key of a French social security number."""
    return int(number[13:]) == 97 - int(number[:13]) % 97


def invalid_social_number(draw: random.Random, sex: str, born: date, language: str) -> str:
    """A French number with a wrong key, or a British one with a prefix that is never issued."""
    if language == "en":
        return f"QQ {digits(draw, 2)} {digits(draw, 2)} {digits(draw, 2)} X"
    body = f"{1 if sex == 'M' else 2}{born:%y%m}99{digits(draw, 6)}"
    right = 97 - int(body) % 97
    return f"{body}{1 + (right - 1 + draw.randint(1, 96)) % 97:02d}"


def mrz_check_digit(field: str) -> int:
    """The check digit of a machine-readable field (ICAO 9303 part 3, weights 7 3 1)."""
    values = (0 if char == "<" else int(char, 36) for char in field)
    return sum(value * _MRZ_WEIGHTS[position % 3] for position, value in enumerate(values)) % 10


def _wrong_digit(draw: random.Random, field: str) -> str:
    return str((mrz_check_digit(field) + draw.randint(1, 9)) % 10)


def _mrz_text(text: str, width: int) -> str:
    plain = text.upper().translate(str.maketrans("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸ", "AAACEEEEIIOOUUUY"))
    cleaned = "".join(char if char in string.ascii_uppercase else "<" for char in plain)
    return cleaned[:width].ljust(width, "<")


def invalid_passport_mrz(
    draw: random.Random, surname: str, given: str, sex: str, born: date, expiry: date
) -> tuple[str, str]:
    """Two lines of 44 characters (TD3) of the specimen state UTO, each check digit wrong."""
    number = "SP" + digits(draw, 7)
    birth, end = f"{born:%y%m%d}", f"{expiry:%y%m%d}"
    optional = "<" * 14
    fields = [f + _wrong_digit(draw, f) for f in (number, birth, end, optional)]
    composite = fields[0] + fields[1] + fields[2] + fields[3]
    second = f"{fields[0]}UTO{fields[1]}{sex}{fields[2]}{fields[3]}{_wrong_digit(draw, composite)}"
    return "P<UTO" + _mrz_text(f"{surname}  {given}", 39), second


def invalid_card_mrz(
    draw: random.Random, surname: str, given: str, sex: str, born: date, expiry: date
) -> tuple[str, str, str]:
    """Three lines of 30 characters (TD1) of the specimen state UTO, each check digit wrong."""
    number = "SP" + digits(draw, 7)
    birth, end = f"{born:%y%m%d}", f"{expiry:%y%m%d}"
    first = f"I<UTO{number}{_wrong_digit(draw, number)}" + "<" * 15
    birth_field, end_field = birth + _wrong_digit(draw, birth), end + _wrong_digit(draw, end)
    composite = first[5:] + birth_field + end_field + "<" * 11
    second = f"{birth_field}{sex}{end_field}UTO" + "<" * 11 + _wrong_digit(draw, composite)
    return first, second, _mrz_text(f"{surname}  {given}", 30)


def grouped(number: str, size: int) -> str:
    """The characters in groups of `size`, parted by spaces."""
    return " ".join(number[start : start + size] for start in range(0, len(number), size))
