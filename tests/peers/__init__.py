"""Mistakes that users of Keras and Ludwig reported: what the peer says, what kspec says.

A pair is a spec with the mistake in, `<code>_<what>.kspec`, whose first lines say what it is
and where it was reported; the smallest Keras program with it, `.py`, and what Keras said to
that, `.txt`; or `.ludwig.txt`, what Ludwig said in the thread. `docs/errors.md` shows them all.
"""
