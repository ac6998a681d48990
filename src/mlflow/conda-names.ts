/** Packages of conda whose Python package has another name on PyPI; both names are of one project. */
export const pipNames: Readonly<Record<string, string>> = {
  pytorch: "torch",
  "pytorch-cpu": "torch",
  "py-xgboost": "xgboost",
  "py-xgboost-cpu": "xgboost",
  "matplotlib-base": "matplotlib",
  "py-opencv": "opencv-python-headless",
  "dask-core": "dask",
  "msgpack-python": "msgpack",
  pytables: "tables",
  "tensorflow-base": "tensorflow",
};

/**
 * What an exported conda environment lists beside its Python packages, and a Python image, or a wheel of PyPI, has of its own:
 * the libraries of Python itself, the C and C++ runtimes, and the BLAS that conda's numpy is built against.
 */
export const broughtAlong: ReadonlySet<string> = new Set([
  "_libgcc_mutex",
  "_openmp_mutex",
  "blas",
  "bzip2",
  "ca-certificates",
  "certifi",
  "intel-openmp",
  "ld_impl_linux-64",
  "libblas",
  "libcblas",
  "libffi",
  "libgcc",
  "libgcc-ng",
  "libgfortran",
  "libgfortran-ng",
  "libgfortran5",
  "liblapack",
  "libopenblas",
  "libsqlite",
  "libstdcxx",
  "libstdcxx-ng",
  "libuuid",
  "libzlib",
  "mkl",
  "mkl-service",
  "mkl_fft",
  "mkl_random",
  "ncurses",
  "nomkl",
  "openssl",
  "pip",
  "python",
  "python_abi",
  "readline",
  "sqlite",
  "tk",
  "tzdata",
  "xz",
  "zlib",
]);

/** Why pip cannot install a package of conda; undefined for one that may be on PyPI under its own name. */
export function notOnPypi(name: string): string | undefined {
  if (/^(cudatoolkit|cudnn|nccl|cuda(-.*)?|pytorch-cuda|tensorflow-gpu)$/.test(name)) {
    return "the CUDA of a GPU comes with a wheel such as torch's, or with the image";
  }
  if (name === "r" || name.startsWith("r-")) return "it is of R";
  if (/^(openjdk|java-.*|maven)$/.test(name)) return "it is Java";
  if (/^(gdal|libgdal|geos|proj|hdf5|libhdf5|netcdf4-c)$/.test(name) || /^lib(?!rosa$|cst$|clang$|sass$)/.test(name)) {
    return "it is a library of the system";
  }
  return /^(gcc|gxx|clang|cmake|make|compilers)(_|-|$)/.test(name) ? "it is a compiler" : undefined;
}
