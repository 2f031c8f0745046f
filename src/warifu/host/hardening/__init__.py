"""``warifu host harden``: prepares a Debian machine the way HardenedLinux does it, and takes all of it back.

A *step* (``steps/``) says what should be different and why; it only looks. The plan compares that with the machine.
One module alone touches the machine (``hand.py``), and it writes down what was there before each change
(``manifest.py``), durably and first, so that a crash at any moment leaves a state from which both directions go on.

Trusted: root on the machine, and its file system. Refused: overwriting what somebody else changed since, leading out
of an image by its symbolic links, and anything but Debian.
"""
