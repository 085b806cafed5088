# The port over BearSSL and what it needs of it; BEARSSL names the folder of BearSSL's sources.
set(BEARSSL_SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/crypto.c
  ${CMAKE_CURRENT_LIST_DIR}/ed25519.c
  ${CMAKE_CURRENT_LIST_DIR}/field.c)
foreach(name codec/ccopy codec/dec32be codec/dec32le codec/dec64be codec/enc32be codec/enc32le codec/enc64be
        codec/enc64le codec/dec64le
        hash/sha2small hash/sha2big symcipher/chacha20_ct symcipher/poly1305_ctmul symcipher/poly1305_ctmul32
        ec/ec_c25519_m15 ec/ec_c25519_m31
        int/i15_add int/i15_bitlen int/i15_decmod int/i15_decode int/i15_decred int/i15_encode int/i15_fmont
        int/i15_modpow int/i15_montmul int/i15_muladd int/i15_ninv15 int/i15_rshift int/i15_sub int/i15_tmont
        int/i31_add int/i31_bitlen int/i31_decmod int/i31_decode int/i31_decred int/i31_encode int/i31_fmont
        int/i31_modpow int/i31_montmul int/i31_muladd int/i31_ninv31 int/i31_rshift int/i31_sub int/i31_tmont
        int/i32_div32)
  list(APPEND BEARSSL_SOURCES ${BEARSSL}/src/${name}.c)
endforeach()
