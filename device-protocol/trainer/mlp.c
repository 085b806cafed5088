#include "device-protocol/trainer/mlp.h"

#include <math.h>
#include <string.h>

#include "device-protocol/trainer/batch.h"

static const char standardise_prefix[] = "standardise+";
static const char local_head_prefix[] = "local-head+";
static const char mlp_prefix[] = "mlp:";

static bool take(const char** text, const char* prefix) {
  const size_t size = strlen(prefix);
  const bool there = strncmp(*text, prefix, size) == 0;
  if (there) *text += size;
  return there;
}

/* Reads one width; NULL when there is none in range. */
static const char* read_width(const char* text, uint32_t* width) {
  uint32_t value = 0;
  if (*text < '1' || *text > '9') return NULL;
  while (*text >= '0' && *text <= '9') {
    value = value * 10 + (uint32_t)(*text++ - '0');
    if (value > TRIB_MLP_MAX_WIDTH) return NULL;
  }
  *width = value;
  return text;
}

trib_status trib_mlp_parse(trib_mlp_shape* shape, const char* model) {
  const char* text = model;
  memset(shape, 0, sizeof *shape);
  shape->standardise = take(&text, standardise_prefix);
  shape->local_head = take(&text, local_head_prefix);
  if (!take(&text, mlp_prefix)) return TRIB_MALFORMED;
  while (shape->count < TRIB_MLP_MAX_SIZES) {
    text = read_width(text, &shape->sizes[shape->count]);
    if (!text) break;
    shape->count += 1;
    if (*text == 0) return shape->count >= (shape->local_head ? 3 : 2) ? TRIB_OK : TRIB_MALFORMED;
    if (*text++ != '-') break;
  }
  return TRIB_MALFORMED;
}

uint32_t trib_mlp_parameters(const trib_mlp_shape* shape) {
  uint64_t total = shape->standardise ? (uint64_t)2 * shape->sizes[0] : 0;
  for (uint32_t l = 0; l + 1 < shape->count; ++l) {
    total += ((uint64_t)shape->sizes[l] + 1) * shape->sizes[l + 1];
  }
  return total > UINT32_MAX ? 0 : (uint32_t)total;
}

uint32_t trib_mlp_personal(const trib_mlp_shape* shape) {
  const uint32_t* outputs = shape->sizes + shape->count - 1;
  return shape->local_head ? (outputs[-1] + 1) * outputs[0] : 0;
}

/* Activations of every layer, then two rows of errors. */
size_t trib_mlp_scratch(const trib_mlp_shape* shape) {
  size_t total = 0;
  uint32_t widest = 0;
  for (uint32_t l = 0; l < shape->count; ++l) {
    total += shape->sizes[l];
    if (shape->sizes[l] > widest) widest = shape->sizes[l];
  }
  return total + 2 * (size_t)widest;
}

/* Rows are taken four at a time: four independent sums, and one pass over the inputs. */
enum { ROWS = 4 };

static void dot_rows(const float* restrict rows, size_t stride, const float* restrict in,
                     uint32_t size, float out[ROWS]) {
  const float* restrict r1 = rows + stride;
  const float* restrict r2 = r1 + stride;
  const float* restrict r3 = r2 + stride;
  float s0 = 0.0F;
  float s1 = 0.0F;
  float s2 = 0.0F;
  float s3 = 0.0F;
  for (uint32_t i = 0; i < size; ++i) {
    s0 += rows[i] * in[i];
    s1 += r1[i] * in[i];
    s2 += r2[i] * in[i];
    s3 += r3[i] * in[i];
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

static float dot(const float* restrict a, const float* restrict b, uint32_t size) {
  float sum = 0.0F;
  for (uint32_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

/* out = weights * in + biases */
static void affine(const float* restrict weights, const float* restrict biases,
                   const float* restrict in, uint32_t inputs, float* restrict out,
                   uint32_t outputs) {
  uint32_t o = 0;
  for (; o + ROWS <= outputs; o += ROWS) {
    dot_rows(weights + (size_t)o * inputs, inputs, in, inputs, out + o);
  }
  for (; o < outputs; ++o) out[o] = dot(weights + (size_t)o * inputs, in, inputs);
  for (o = 0; o < outputs; ++o) out[o] += biases[o];
}

static void add_scaled(float* restrict y, float factor, const float* restrict x, uint32_t size) {
  for (uint32_t i = 0; i < size; ++i) y[i] += factor * x[i];
}

static const float* first_layer(const trib_mlp_shape* shape, const float* weights) {
  return weights + (shape->standardise ? (size_t)2 * shape->sizes[0] : 0);
}

static void load_features(const trib_mlp_shape* shape, const float* weights, const float* features,
                          float* out) {
  const uint32_t inputs = shape->sizes[0];
  if (!shape->standardise) {
    memcpy(out, features, inputs * sizeof *out);
    return;
  }
  for (uint32_t i = 0; i < inputs; ++i) out[i] = (features[i] - weights[i]) * weights[inputs + i];
}

/* Fills all activations from those of the inputs; the last layer's stay linear. */
static void forward(const trib_mlp_shape* shape, const float* weights, float* activations) {
  const float* layer = first_layer(shape, weights);
  float* in = activations;
  for (uint32_t l = 0; l + 1 < shape->count; ++l) {
    const uint32_t inputs = shape->sizes[l];
    const uint32_t outputs = shape->sizes[l + 1];
    const float* biases = layer + (size_t)inputs * outputs;
    float* out = in + inputs;
    affine(layer, biases, in, inputs, out, outputs);
    if (l + 2 < shape->count) {
      for (uint32_t o = 0; o < outputs; ++o) out[o] = out[o] < 0.0F ? 0.0F : out[o];
    }
    layer = biases + outputs;
    in = out;
  }
}

/* Softmax in place; returns the cross-entropy of `label` and whether it had the highest score. */
static double softmax(float* scores, uint32_t classes, uint32_t label, bool* correct) {
  uint32_t best = 0;
  double sum = 0.0;
  double loss;
  float top;
  for (uint32_t c = 1; c < classes; ++c) {
    if (scores[c] > scores[best]) best = c;
  }
  *correct = best == label;
  top = scores[best];
  loss = -(double)(scores[label] - top);
  for (uint32_t c = 0; c < classes; ++c) {
    scores[c] = expf(scores[c] - top);
    sum += (double)scores[c];
  }
  for (uint32_t c = 0; c < classes; ++c) scores[c] = (float)((double)scores[c] / sum);
  return loss + log(sum);
}

/* Adds one example's gradient, given the error at the outputs in `error`. */
static void backward(const trib_mlp_shape* shape, const float* weights, const float* activations,
                     float* gradient, float* error, float* below) {
  const float* layer = weights + trib_mlp_parameters(shape);
  const float* out = activations;
  float* slope = gradient + trib_mlp_parameters(shape);
  for (uint32_t l = 0; l < shape->count; ++l) out += shape->sizes[l];
  out -= shape->sizes[shape->count - 1];
  for (uint32_t l = shape->count - 1; l > 0; --l) {
    const uint32_t inputs = shape->sizes[l - 1];
    const uint32_t outputs = shape->sizes[l];
    const float* in = out - inputs;
    layer -= (size_t)(inputs + 1) * outputs;
    slope -= (size_t)(inputs + 1) * outputs;
    memset(below, 0, inputs * sizeof *below);
    for (uint32_t o = 0; o < outputs; ++o) {
      if (error[o] == 0.0F) continue;
      add_scaled(slope + (size_t)o * inputs, error[o], in, inputs);
      slope[(size_t)outputs * inputs + o] += error[o];
      if (l > 1) add_scaled(below, error[o], layer + (size_t)o * inputs, inputs);
    }
    for (uint32_t i = 0; i < inputs; ++i) {
      if (in[i] <= 0.0F) below[i] = 0.0F;
    }
    {
      float* swap = error;
      error = below;
      below = swap;
    }
    out = in;
  }
}

static size_t activation_count(const trib_mlp_shape* shape) {
  size_t total = 0;
  for (uint32_t l = 0; l < shape->count; ++l) total += shape->sizes[l];
  return total;
}

trib_status trib_mlp_gradient(void* user, const float* weights, float* gradient,
                              uint32_t batch_size, uint64_t seed, uint32_t step,
                              trib_batch_report* report) {
  const trib_mlp* mlp = (const trib_mlp*)user;
  const trib_mlp_shape* shape = &mlp->shape;
  const uint32_t classes = shape->sizes[shape->count - 1];
  const size_t activations = activation_count(shape);
  float* error = mlp->scratch + activations;
  float* scores = error - classes;
  float* below = error + (trib_mlp_scratch(shape) - activations) / 2;
  double loss = 0.0;
  if (mlp->examples.count == 0 || batch_size == 0) return TRIB_TRAINER;
  if (batch_size > mlp->examples.count) batch_size = mlp->examples.count;
  memset(gradient, 0, trib_mlp_parameters(shape) * sizeof *gradient);
  report->correct = 0;
  report->examples = batch_size;
  for (uint32_t i = 0; i < batch_size; ++i) {
    const uint32_t example =
        trib_example_at(seed, (uint64_t)step * batch_size + i, mlp->examples.count);
    const uint32_t label = mlp->examples.labels[example];
    bool correct;
    if (label >= classes) return TRIB_TRAINER;
    load_features(shape, weights, mlp->examples.features + (size_t)example * shape->sizes[0],
                  mlp->scratch);
    forward(shape, weights, mlp->scratch);
    loss += softmax(scores, classes, label, &correct);
    report->correct += correct;
    scores[label] -= 1.0F;
    for (uint32_t c = 0; c < classes; ++c) error[c] = scores[c] / (float)batch_size;
    backward(shape, weights, mlp->scratch, gradient, error, below);
  }
  report->loss = (float)(loss / batch_size);
  return TRIB_OK;
}

trib_status trib_mlp_evaluate(const trib_mlp* mlp, const float* weights, trib_mlp_score* score) {
  const trib_mlp_shape* shape = &mlp->shape;
  const uint32_t classes = shape->sizes[shape->count - 1];
  float* scores = mlp->scratch + activation_count(shape) - classes;
  score->loss = 0.0;
  score->correct = 0;
  if (mlp->examples.count == 0) return TRIB_TRAINER;
  for (uint32_t i = 0; i < mlp->examples.count; ++i) {
    bool correct;
    if (mlp->examples.labels[i] >= classes) return TRIB_TRAINER;
    load_features(shape, weights, mlp->examples.features + (size_t)i * shape->sizes[0],
                  mlp->scratch);
    forward(shape, weights, mlp->scratch);
    score->loss += softmax(scores, classes, mlp->examples.labels[i], &correct);
    score->correct += correct;
  }
  score->loss /= mlp->examples.count;
  return TRIB_OK;
}

static float normal(uint64_t* state) {
  const double two_pi = 6.283185307179586;
  double u;
  double v;
  *state = trib_mix(*state);
  u = ((double)(*state >> 11) + 1.0) / 9007199254740993.0;
  *state = trib_mix(*state);
  v = (double)(*state >> 11) / 9007199254740992.0;
  return (float)(sqrt(-2.0 * log(u)) * cos(two_pi * v));
}

void trib_mlp_init(const trib_mlp_shape* shape, float* weights, uint64_t seed) {
  uint64_t state = trib_mix(seed);
  float* at = weights;
  if (shape->standardise) {
    for (uint32_t i = 0; i < shape->sizes[0]; ++i) at[i] = 0.0F;
    for (uint32_t i = 0; i < shape->sizes[0]; ++i) at[shape->sizes[0] + i] = 1.0F;
    at += (size_t)2 * shape->sizes[0];
  }
  for (uint32_t l = 0; l + 1 < shape->count; ++l) {
    const uint32_t inputs = shape->sizes[l];
    const uint32_t outputs = shape->sizes[l + 1];
    const float deviation = sqrtf(2.0F / (float)inputs);
    for (size_t i = 0; i < (size_t)inputs * outputs; ++i) at[i] = deviation * normal(&state);
    at += (size_t)inputs * outputs;
    for (uint32_t o = 0; o < outputs; ++o) at[o] = 0.0F;
    at += outputs;
  }
}
