"""Where `ppq.quantization` has its parts: analyse, observer, optim."""
