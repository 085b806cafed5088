tributary_test(test_helper
  SOURCES helper_disk.cpp helper_joint.cpp helper_record.cpp helper_rules.cpp helper_sums.cpp helper_world.cpp
  DEPENDS tributary_test_disk tributary_gateway_helper)
