// The standard normal distribution where ordinary arithmetic would underflow.
#pragma once

namespace tributary::privacy {

// log Phi(x), for every finite x.
double log_normal_cdf(double x);

// log(e^a + e^b) and log(e^a - e^b), a >= b in the second; -infinity stands for 0.
double log_add(double a, double b);
double log_subtract(double a, double b);

}  // namespace tributary::privacy
