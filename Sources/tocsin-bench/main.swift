print("tocsin-bench")
