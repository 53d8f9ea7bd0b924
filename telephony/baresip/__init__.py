"""The phone line on baresip: `telephony.baresip.line.BaresipEndpoint`."""
