"""The words that templates of messages and headlines may use, and how much of a record a message tells."""

from __future__ import annotations

SAID, REPAIR, MISTAKE = "said", "repair", "mistake"
"""What templates of a message call the words for the mistakes that they are about, the sentences that put these right, and the
worst of them."""
VERDICT, PLAN, STEP, WRONG = "verdict", "plan", "step", "wrong"
"""What templates call the verdict of the record, its plan (``plan.thank_you_note``: whether an action is in it), the step that a
headline is about, and whether anything went wrong at all."""
STEP_FIELDS = ("occasion", "channel", "due", "repairs", "adds")
"""What is known of that step: occasion, channel, when it is due in words, and the clauses of the actions in it that repair and of
the others."""
QUOTED_WORDS, QUOTED_LENGTH = 25, 160
"""How many words and characters of a fact's text a message quotes at most."""
NAMED_MISTAKES = 2
"""How many mistakes one action names in a message at most: more of them is a confession."""
