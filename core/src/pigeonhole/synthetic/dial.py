"""What a difficulty between 0 and 1 does to a document."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dial:
    """Probabilities and amounts derived from one difficulty, the same for all classes."""

    difficulty: float

    @property
    def title_kept(self) -> float:
        """Probability that the title can be read."""
        return 0.92 - 0.84 * self.difficulty

    @property
    def generic_label(self) -> float:
        """Probability that a label of the class is replaced by one that any class uses."""
        return min(1.0, 1.6 * self.difficulty)

    @property
    def vague_rows(self) -> float:
        """Largest share of a table's rows that any class might list; 1 and more means all of them on many documents."""
        return 2.2 * self.difficulty

    @property
    def sentence_kept(self) -> float:
        """Probability that a sentence of the class is printed."""
        return 1 - 0.95 * self.difficulty

    @property
    def confuser(self) -> float:
        """Probability of a form that looks like another class."""
        return 0.1 + 0.6 * self.difficulty

    @property
    def bare(self) -> float:
        """Probability that a document is a bare form: every label generic, no sentence of its class."""
        return 0.65 * self.difficulty

    @property
    def foreign_phrases(self) -> tuple[float, float, float]:
        """Probabilities of 0, 1 and 2 phrases of another class."""
        one = 0.7 * self.difficulty
        two = 0.3 * self.difficulty
        return (1 - one - two, one, two)

    @property
    def mixed_language(self) -> float:
        """Probability that labels are printed in both languages."""
        return 0.03 + 0.1 * self.difficulty

    @property
    def stamp(self) -> float:
        """Probability of an office stamp somewhere on the page."""
        return 0.05 + 0.3 * self.difficulty

    @property
    def two_documents(self) -> float:
        """Probability that a second document lies on the same scan."""
        return 0.1 * self.difficulty
