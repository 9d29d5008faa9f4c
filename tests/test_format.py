"""The formatter: layout changes, meaning and comments do not, and once is enough."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kspec.diagnostics import Source, SpecError
from kspec.syntax import parse, print_spec
from kspec.syntax.format import format_text
from tests.conftest import SPECS, TESTS
from tests.test_docs import EXAMPLES

ROOT = TESTS.parent
GOOD = sorted([*SPECS.glob("*.kspec"), *(ROOT / "kspec" / "templates").glob("*.kspec")])
GOOD += sorted((ROOT / "kspec" / "std").glob("*.kspec"))
GOOD += sorted((ROOT / "benchmarks").glob("*.kspec"))
PARSED = [
    path
    for path in sorted((TESTS / "errors").glob("*.kspec"))
    if not re.match(r"E00[1-9]", path.name)
]
MESSY = """

  # a comment above
param   width:int=512   # beside


model   Net(a=3,b = 2){
  # first


    input x,z:f32[8,8]
   y=x[1:3,::2,...]->flatten
     # between stages
   -> dense( width*2,relu,kernel_initializer = he_normal,
    name = "a#b" )
   -> dense(3)
  repeat i in 0 .. 3{y=y->dense( 3 )}
 if a<3 and not(b==2){
   u=-y**2
   }else   if a==1{
    u=y-1 / 255
   } else{u=y}
  weight w : f32[3, 4]     = he_normal
  weight bias : f32[4]     = zeros
  output out=(u@w+bias)*-1   # done

}
train{
model=Net
  split={train:80%,test:20%}
metrics=[mae(x,z),
mse(x,z)
]
    }

# the end
"""
NEAT = """# a comment above
param width : int = 512   # beside

model Net(a = 3, b = 2) {
  # first

  input x, z : f32[8, 8]
  y = x[1:3, ::2, ...] -> flatten
    # between stages
    -> dense(width * 2, relu, kernel_initializer=he_normal,
      name="a#b")
    -> dense(3)
  repeat i in 0..3 { y = y -> dense(3) }
  if a < 3 and not (b == 2) {
    u = -y ** 2
  } else if a == 1 {
    u = y - 1/255
  } else { u = y }
  weight w : f32[3, 4]     = he_normal
  weight bias : f32[4]     = zeros
  output out = (u @ w + bias) * -1   # done
}

train {
  model = Net
  split = { train: 80%, test: 20% }
  metrics = [mae(x, z),
    mse(x, z)
  ]
}

# the end
"""


def meaning(text: str) -> str:
    """A text without its layout."""
    return print_spec(parse(Source("<text>", text)))


def comments(text: str) -> list[str]:
    """The comments of a text in their order; none of ours has a string with `#` in it."""
    return [line.rstrip() for line in re.findall(r'#[^\n"]*$', text, re.MULTILINE)]


def test_a_messy_spec_becomes_a_neat_one():
    assert format_text(MESSY) == NEAT
    assert format_text(NEAT) == NEAT
    assert meaning(MESSY) == meaning(NEAT)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_our_own_specs_are_formatted(path: Path):
    text = path.read_text(encoding="utf-8")
    assert format_text(text) == text


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_documentation_are_formatted(text: str):
    assert format_text(text) == text


@pytest.mark.parametrize("path", PARSED, ids=lambda path: path.stem)
def test_any_spec_that_parses_keeps_its_meaning_and_comments(path: Path):
    text = path.read_text(encoding="utf-8")
    try:
        before = meaning(text)
    except SpecError:
        pytest.skip("a mistake of syntax")
    formatted = format_text(text)
    assert meaning(formatted) == before
    assert comments(formatted) == comments(text)
    assert format_text(formatted) == formatted


SPACES = st.sampled_from(["", " ", "   ", "\t"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([path.read_text(encoding="utf-8") for path in GOOD]), st.data())
def test_whatever_the_spaces_were_the_layout_is_canonical(text: str, data: st.DataObject):
    """Spaces that separate nothing are put in and taken out at random."""
    marks = re.compile(r'[ \t]*(->|[,(){}\[\]=]|"[^"\n]*"|#[^\n]*)[ \t]*')
    lines: list[str] = []
    for line in text.split("\n"):

        def spaced(match: re.Match[str]) -> str:
            if match[1][0] in '#"':
                return match[0]
            return data.draw(SPACES) + match[1] + data.draw(SPACES)

        lines.append(data.draw(SPACES) + marks.sub(spaced, line) + data.draw(SPACES))
    messy = "\n".join(lines)
    try:
        before = meaning(messy)
    except SpecError:
        return  # `= =` and the like
    formatted = format_text(messy)
    assert meaning(formatted) == before
    assert [c.strip() for c in comments(formatted)] == [c.strip() for c in comments(text)]
    assert format_text(formatted) == formatted


def test_a_text_that_does_not_parse_is_left_alone():
    with pytest.raises(SpecError):
        format_text("model {")


def test_the_op_repeat_is_a_call_and_the_loop_is_none():
    text = "model M {\n  input x : f32[4]\n  y = repeat(x, 2, axis=1)\n  repeat (1 + 1) {\n"
    text += "    y = y -> repeat(2, axis=1)\n  }\n  output z = y\n}\n"
    assert format_text(text) == text
