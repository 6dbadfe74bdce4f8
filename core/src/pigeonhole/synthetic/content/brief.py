"""What a document is about: who, whom, when, and with which words."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from pigeonhole.synthetic.draws import chance
from pigeonhole.synthetic.identifiers import digits
from pigeonhole.synthetic.people import Company, Person
from pigeonhole.synthetic.phrasing import Phrasing
from pigeonhole.synthetic.vocabulary import read_words


@dataclass(frozen=True)
class Brief:
    """Everything a content builder may use; `title_shown` is false when the document has lost its title."""

    language: str
    person: Person
    other: Person
    company: Company
    second_company: Company
    issued: date
    title_shown: bool
    confuser: bool
    say: Phrasing
    draw: random.Random

    def happens(self, probability: float) -> bool:
        """Whether something with this probability is on the document."""
        return chance(self.draw, probability)

    def day(self, moment: date) -> str:
        """A date as this document writes it."""
        style = self.draw.choice(("digits", "digits", "words", "dots"))
        if style == "words":
            return f"{moment.day} {self.month(moment)}"
        return moment.strftime("%d.%m.%Y" if style == "dots" else "%d/%m/%Y")

    def month(self, moment: date) -> str:
        """Month and year in words."""
        return f"{read_words('shared', self.language)['months'][moment.month - 1]} {moment.year}"

    def later(self, least: int, most: int) -> date:
        """A day between `least` and `most` days after the issue (before it, when negative)."""
        return self.issued + timedelta(days=self.draw.randint(least, most))

    @property
    def decimal_mark(self) -> str:
        """What parts units from fractions."""
        return "," if self.language == "fr" else "."

    def money(self, value: float, *, sign: bool = True) -> str:
        """An amount as the country writes it, with or without the currency."""
        text = f"{value:,.2f}"
        if self.language == "fr":
            text = text.replace(",", " ").replace(".", ",")
            return f"{text} €" if sign else text
        return f"£{text}" if sign else text

    def code(self) -> str:
        """A reference of a form that any class may use."""
        number = digits(self.draw, self.draw.randint(5, 8))
        prefix = self.draw.choice(("", "", "A-", "F", "D", "2026-", "R/", "C"))
        return prefix + number
