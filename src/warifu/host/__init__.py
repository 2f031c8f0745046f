"""What the machine is: the checks that ``warifu doctor`` prints. Nothing is changed, nothing leaves the machine.

A check says what it saw, where it looked, why it matters and what can be done. What cannot be seen is *unknown*, with
the reason, and never taken for good.
"""
