"""What the steps install, as it is: profiles of AppArmor, units, and the frame of the packet filter."""
