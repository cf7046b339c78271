// Matrix products over panels, in register tiles; ProductsForm.h says how.

#include "Products.h"
#include "Dispatch.h"

#define FORM_HEADER "ProductsForm.h"
#include "EveryForm.h"

void tocsin_multiply(enum tocsin_instruction_set set, const struct tocsin_product *product) {
#define CALL(form) product_##form(product)
    EACH_FORM(set, CALL)
#undef CALL
}
