"""Of a log the doctor repeats one line, and never a trace or a password."""

import pytest

from pigeonhole_frontends.release_diagnosis.last_words import last_words

pytestmark = pytest.mark.unit

TRACE = """Traceback (most recent call last):
  File "/opt/pigeonhole/lib/serve.py", line 7, in <module>
    main()
    ^^^^^^
ValueError: the port is taken
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        (TRACE, "ValueError: the port is taken"),
        ('Traceback (most recent call last):\n  File "x.py", line 1\n', ""),
        ('{"time": "t", "event": "database_refused", "reason": "password"}\n', "database_refused: password"),
        ('{"time": "t", "event": "ended"}', "ended"),
        ("[1, 2]", "[1, 2]"),
        ("cannot reach postgresql://pigeonhole:s3cret@db/x", "cannot reach postgresql://pigeonhole:***@db/x"),
        ("x" * 500, "x" * 200),
    ],
)
def test_the_line_that_says_why_is_kept(log: str, line: str) -> None:
    assert last_words(log) == line
