"""Where the signers' connections meet: who is there, what is asked, what they say to each other and to exchanges."""
