"""One complete hotline call over real SIP and RTP, played by independent user agents."""
