"""Plain text keeps what tells classes apart and drops what does not."""

import pytest

from pigeonhole.text import clean_text, detect_language

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Veuillez trouver ci-joint la facture du mois de mars.", "fr"),
        ("Please find attached the invoice for the month of March.", "en"),
        ("", "fr"),
        ("12 / 34", "fr"),
    ],
)
def test_the_language_is_one_of_two(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_words_become_lower_case_lemmas_without_stop_words() -> None:
    assert clean_text("Les FACTURES sont payées par nos clients.").tokens == ("facture", "payé", "client")
    assert clean_text("The invoices were paid by our customers in March").text == "invoice pay customer march"


def test_a_digit_keeps_its_place_and_loses_its_value() -> None:
    tokens = clean_text("IBAN FR76 3000 6000 01 le 12/03/2024").tokens
    assert {"fr00", "0000", "00"} <= set(tokens)
    assert not any(character in "123456789" for token in tokens for character in token)


def test_single_letters_and_endless_strings_are_left_out() -> None:
    assert clean_text("a b " + "x" * 41).text == ""


def test_composed_and_decomposed_accents_are_the_same() -> None:
    assert clean_text("échéance").text == clean_text("e\u0301che\u0301ance").text


def test_a_blank_text_is_blank() -> None:
    clean = clean_text(" \n ")
    assert (clean.text, clean.tokens) == ("", ())
