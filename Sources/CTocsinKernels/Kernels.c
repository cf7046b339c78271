#include "CTocsinKernels.h"
