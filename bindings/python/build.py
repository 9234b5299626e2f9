"""Build a source distribution and a wheel into dist/, without a network or pip:
python3 build.py"""
import os
import shutil
from pathlib import Path

from setuptools import build_meta

os.chdir(Path(__file__).resolve().parent)
shutil.rmtree("dist", ignore_errors=True)
shutil.copy("../../LICENSE", "LICENSE")
for make in (build_meta.build_sdist, build_meta.build_wheel):
    print("dist/" + make("dist"))
