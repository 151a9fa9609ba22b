"""A network of an ONNX file as a program for a GEMM core."""
