"""No number on a synthetic document may be somebody's: each checksum is wrong."""

import random
from datetime import date

import pytest

from pigeonhole.synthetic import identifiers
from pigeonhole.synthetic.people import company_pools, person_pools

pytestmark = pytest.mark.unit
DRAWS = [random.Random(seed) for seed in range(200)]


def test_the_checks_accept_well_known_valid_numbers() -> None:
    assert identifiers.luhn_holds("732829320")
    assert identifiers.iban_holds("GB82 WEST 1234 5698 7654 32")
    assert identifiers.iban_holds("FR14 2004 1010 0505 0001 3M02 606")
    assert identifiers.rib_key_holds("30002", "00550", "00001578", "75") is False
    assert identifiers.vat_key_holds("FR40303265045")
    assert identifiers.social_key_holds("255081416802538")
    assert identifiers.mrz_check_digit("L898902C3") == 6


def test_sirets_and_the_sirens_in_them_fail_the_luhn_check() -> None:
    for draw in DRAWS:
        number = identifiers.invalid_siret(draw)
        assert len(number) == 14
        assert not identifiers.luhn_holds(number)
        assert not identifiers.luhn_holds(number[:9])


@pytest.mark.parametrize(("language", "length"), [("fr", 27), ("en", 22)])
def test_ibans_have_their_country_s_length_and_wrong_check_digits(language: str, length: int) -> None:
    for draw in DRAWS:
        iban = identifiers.invalid_iban(draw, language)
        assert len(iban) == length
        assert not identifiers.iban_holds(iban)


def test_rib_keys_do_not_fit() -> None:
    for draw in DRAWS:
        parts = (identifiers.digits(draw, 5), identifiers.digits(draw, 5), identifiers.digits(draw, 11))
        assert not identifiers.rib_key_holds(*parts, identifiers.invalid_rib_key(draw, *parts))


def test_vat_and_social_security_keys_do_not_fit() -> None:
    for draw in DRAWS:
        siret = identifiers.invalid_siret(draw)
        assert not identifiers.vat_key_holds(identifiers.invalid_vat(draw, siret, "fr"))
        number = identifiers.invalid_social_number(draw, "F", date(1980, 5, 17), "fr")
        assert len(number) == 15
        assert not identifiers.social_key_holds(number)
        assert identifiers.invalid_social_number(draw, "M", date(1980, 5, 17), "en").startswith("QQ")


def test_machine_readable_lines_have_their_form_and_wrong_check_digits() -> None:
    for draw in DRAWS:
        names = ("Vauberin", "Élodie", "F", date(1980, 5, 17), date(2031, 2, 3))
        first, second = identifiers.invalid_passport_mrz(draw, *names)
        assert {len(first), len(second)} == {44}
        for start, end in ((0, 9), (13, 19), (21, 27), (28, 42)):
            assert identifiers.mrz_check_digit(second[start:end]) != int(second[end])
        lines = identifiers.invalid_card_mrz(draw, *names)
        assert {len(line) for line in lines} == {30}
        assert identifiers.mrz_check_digit(lines[0][5:14]) != int(lines[0][14])
        for start, end in ((0, 6), (8, 14)):
            assert identifiers.mrz_check_digit(lines[1][start:end]) != int(lines[1][end])


def test_companies_and_people_can_be_reached_nowhere() -> None:
    for pool in person_pools(3):
        for person in pool:
            assert person.mail.endswith("@example.org")
            assert person.phone.startswith(("06 39 98", "07700 900"))
    for languages in company_pools(3):
        for company in languages[0]:
            assert company.mail.endswith(".example")
            assert not identifiers.luhn_holds(company.siret)
            assert not identifiers.vat_key_holds(company.vat)
