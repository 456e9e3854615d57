"""The bundled SMSC: an independent peer to try, test and judge an ESME against."""
