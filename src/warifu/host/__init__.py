"""What the machine is: the checks that ``warifu doctor`` prints, and the claims that a device makes of them.

A check says what it saw, where it looked, why it matters and what can be done. What cannot be seen is *unknown*, with
the reason, and never taken for good. Looking changes nothing; all that leaves the machine is the claims.
"""
