"""As train.py, with the models of PyTorch."""

import sys

from networks import networks
from train_and_log import train_and_log

train_and_log(networks(), sys.argv[1])
