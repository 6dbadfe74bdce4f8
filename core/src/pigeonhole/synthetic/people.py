"""Invented people and companies, in one pool for each family of templates."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

from pigeonhole.synthetic.draws import child_draw
from pigeonhole.synthetic.identifiers import digits, invalid_siret, invalid_vat
from pigeonhole.synthetic.settings import FAMILIES, LANGUAGES
from pigeonhole.synthetic.vocabulary import read_words

PERSONS_PER_LANGUAGE = 8
COMPANIES_PER_LANGUAGE = 6


@dataclass(frozen=True)
class Address:
    """A street, a postal code that no country issues, and a town that does not exist."""

    street: str
    postcode: str
    town: str

    @property
    def lines(self) -> tuple[str, str]:
        """The two lines below a name on an envelope."""
        return (self.street, f"{self.postcode} {self.town}")

    @property
    def on_one_line(self) -> str:
        """The address within a sentence."""
        return f"{self.street}, {self.postcode} {self.town}"


@dataclass(frozen=True)
class Person:
    """An invented person; `key` names the pool, so it tells which family of templates the person belongs to."""

    key: str
    language: str
    sex: str
    given: str
    surname: str
    born: date
    birthplace: str
    address: Address
    phone: str
    mail: str

    @property
    def name(self) -> str:
        """Given name and surname."""
        return f"{self.given} {self.surname}"

    @property
    def formal_name(self) -> str:
        """Honorific, given name and surname in capitals."""
        honorific = {"fr": {"F": "Mme", "M": "M."}, "en": {"F": "Ms", "M": "Mr"}}[self.language][self.sex]
        return f"{honorific} {self.given} {self.surname.upper()}"


@dataclass(frozen=True)
class Company:
    """An invented company with invalid registration numbers."""

    name: str
    legal_form: str
    address: Address
    siret: str
    vat: str
    phone: str
    mail: str
    capital: str
    logo: int


@lru_cache(maxsize=4)
def person_pools(seed: int) -> tuple[tuple[Person, ...], ...]:
    """The pool of persons of each family; no surname occurs in two pools."""
    pools: list[list[Person]] = [[] for _ in range(FAMILIES)]
    for language in LANGUAGES:
        surnames = _surnames(seed, language, FAMILIES * PERSONS_PER_LANGUAGE)
        for position, surname in enumerate(surnames):
            family = position % FAMILIES
            pools[family].append(_person(seed, language, family, position // FAMILIES, surname))
    return tuple(tuple(pool) for pool in pools)


@lru_cache(maxsize=4)
def company_pools(seed: int) -> tuple[tuple[tuple[Company, ...], ...], ...]:
    """The companies of each family, one tuple per language in the order of `LANGUAGES`."""
    return tuple(
        tuple(
            tuple(_company(seed, language, family, number) for number in range(COMPANIES_PER_LANGUAGE))
            for language in LANGUAGES
        )
        for family in range(FAMILIES)
    )


def _surnames(seed: int, language: str, count: int) -> list[str]:
    parts = read_words("people", language)["syllables"]
    names = ["".join(combination) for combination in product(*parts)]
    return child_draw("surnames", seed, language).sample(names, count)


def _person(seed: int, language: str, family: int, number: int, surname: str) -> Person:
    draw = child_draw("person", seed, language, family, number)
    words = read_words("people", language)
    sex = draw.choice("FM")
    given = draw.choice(words["given_f" if sex == "F" else "given_m"])
    born = date(1955, 1, 1) + timedelta(days=draw.randrange(50 * 365))
    mail = f"{given}.{surname}@example.org".lower()
    return Person(
        key=f"family{family:02d}-{language}-{number:02d}",
        language=language,
        sex=sex,
        given=given,
        surname=surname,
        born=born,
        birthplace=_town(draw, language),
        address=_address(draw, language),
        phone=_phone(draw, language, mobile=True),
        mail=mail.translate(str.maketrans("àâçéèêëîïôû", "aaceeeeiiou")),
    )


def _company(seed: int, language: str, family: int, number: int) -> Company:
    draw = child_draw("company", seed, language, family, number)
    words = read_words("people", language)
    first, second = (draw.choice(part) for part in words["company_parts"])
    siret = invalid_siret(draw)
    return Company(
        name=f"{first} {second}",
        legal_form=draw.choice(words["legal_forms"]),
        address=_address(draw, language),
        siret=siret,
        vat=invalid_vat(draw, siret, language),
        phone=_phone(draw, language, mobile=False),
        mail=f"contact@{(first + second).lower().encode('ascii', 'ignore').decode()}.example",
        capital=f"{draw.choice([8, 10, 37, 50, 150, 640])} 000 {'€' if language == 'fr' else 'GBP'}",
        logo=draw.randrange(10_000),
    )


def _town(draw: random.Random, language: str) -> str:
    return "".join(draw.choice(part) for part in read_words("people", language)["town_parts"])


def _address(draw: random.Random, language: str) -> Address:
    """Codes 96xxx (France) and areas QX, VQ (Britain) are assigned to no place."""
    street = f"{draw.randint(1, 148)} {draw.choice(read_words('people', language)['streets'])}"
    if language == "fr":
        return Address(street, f"96{draw.randint(100, 999)}", _town(draw, language))
    area = draw.choice(["QX", "VQ", "XJ"])
    return Address(
        street, f"{area}{draw.randint(1, 19)} {draw.randint(1, 9)}{draw.choice('ABDEF')}Q", _town(draw, language)
    )


def _phone(draw: random.Random, language: str, *, mobile: bool) -> str:
    """Numbers from the blocks that ARCEP and Ofcom keep for fiction."""
    if language == "fr":
        prefix = "06 39 98" if mobile else draw.choice(["01 99 00", "02 61 91", "03 53 01", "04 65 71"])
        return f"{prefix} {digits(draw, 2)} {digits(draw, 2)}"
    return f"07700 900{digits(draw, 3)}" if mobile else f"01632 960{digits(draw, 3)}"
