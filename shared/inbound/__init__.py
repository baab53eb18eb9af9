"""What comes in from outside, translated into the words of the domain. No I/O."""
