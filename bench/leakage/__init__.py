"""Does the time of a function tell its secret? Measured as in dudect.

Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?" (IACR eprint 2016/1123). Each function is called with a
secret that is either always the same or always another, in random order; Welch's t-test says whether the two classes of
times have one mean. A test can show a leak, never that there is none.
"""
