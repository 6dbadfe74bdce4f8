"""The conditions of one scan, drawn from continuous ranges that are the same for every class."""

import random
from dataclasses import dataclass
from typing import Literal

from pigeonhole.synthetic.draws import chance

Mode = Literal["grey", "colour", "bilevel"]
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Light:
    """Brightness over the page: a slope, a soft shadow across it and a fold; angles in radians, amounts 0..1."""

    slope: float
    slope_angle: float
    shadow: float
    shadow_angle: float
    shadow_place: float
    shadow_softness: float
    fold: float
    fold_place: float


@dataclass(frozen=True)
class Conditions:
    """How one document is taken: all its pages by the same device.

    `skew` is in degrees, `corners` are shifts of the four corners as shares of the page, `cover` is the share of the
    frame's sides that the page fills, `lid` the brightness behind it in a scanner, `black` and `white` are the grey
    levels of ink and paper, `noise` is a standard deviation in grey levels, `blur` one in pixels.
    """

    dpi: float
    mode: Mode
    photographed: bool
    quarter_turns: int
    skew: float
    corners: Corners
    cover: float
    lid: float
    surface: int
    light: Light
    black: float
    white: float
    blur: float
    noise: float
    noise_place: int
    quality: int


def draw_conditions(draw: random.Random, difficulty: float) -> Conditions:
    """Draw the conditions; at difficulty 0 they are those of a good scanner."""
    photographed = chance(draw, 0.5 * difficulty)
    bend = 0.07 * difficulty if photographed else 0.0
    return Conditions(
        dpi=draw.uniform(150 - 40 * difficulty, 165),
        mode=draw.choices(("grey", "colour", "bilevel"), (0.55, 0.35, 0.2 * difficulty))[0],
        photographed=photographed,
        quarter_turns=draw.randint(1, 3) if chance(draw, 0.25 * difficulty) else 0,
        skew=max(-9.0, min(9.0, draw.gauss(0, 3.5 * difficulty))),
        corners=tuple((draw.uniform(-bend, bend), draw.uniform(-bend, bend)) for _ in range(4)),
        cover=draw.uniform(0.78, 0.97) if photographed else 1 - draw.uniform(0, 0.06 * difficulty),
        lid=draw.uniform(0.1, 0.25) if chance(draw, 0.3 * difficulty) else draw.uniform(0.88, 1.0),
        surface=draw.randrange(1_000_000),
        light=_draw_light(draw, difficulty if photographed else 0.4 * difficulty),
        black=draw.uniform(0, 90 * difficulty),
        white=255 - draw.uniform(0, 50 * difficulty),
        blur=draw.uniform(0, 1.5 * difficulty),
        noise=draw.uniform(0.3, 0.8 + 16 * difficulty),
        noise_place=draw.randrange(1_000_000),
        quality=round(draw.uniform(90 - 60 * difficulty, 95)),
    )


def _draw_light(draw: random.Random, amount: float) -> Light:
    return Light(
        slope=draw.uniform(0, 0.6) * amount,
        slope_angle=draw.uniform(0, 6.283),
        shadow=draw.uniform(0.1, 0.8) * amount if chance(draw, 0.6 * amount) else 0.0,
        shadow_angle=draw.uniform(0, 6.283),
        shadow_place=draw.uniform(-0.5, 0.5),
        shadow_softness=draw.uniform(0.02, 0.3),
        fold=draw.uniform(0, 0.35) * amount if chance(draw, 0.5 * amount) else 0.0,
        fold_place=draw.choice((0.33, 0.5, 0.67)) + draw.uniform(-0.03, 0.03),
    )
