"""The board's server under load and kills, against an independent model of what it must hold."""
