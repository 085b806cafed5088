# cmake -DCONF=.. -DACL=.. -DOUT=.. -P embed.cmake: the broker's templates as C++ strings.
file(READ ${CONF} conf)
file(READ ${ACL} acl)
file(WRITE ${OUT} "// Made from deploy/mosquitto.\n#pragma once\n\nnamespace tributary::cli::templates {\n
inline constexpr const char* mosquitto_conf = R\"conf(${conf})conf\";\n
inline constexpr const char* acl = R\"acl(${acl})acl\";\n
}  // namespace tributary::cli::templates\n")
