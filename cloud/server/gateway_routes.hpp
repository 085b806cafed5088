// What gateways may ask (bodies of proto/uplink.proto).
#pragma once

#include "cloud/server/route_table.hpp"

namespace tributary::cloud::server {

Reply put_keys(Site& site, const Call& call);
Reply put_roster(Site& site, const Call& call);
Reply get_roster(Site& site, const Call& call);
Reply get_model(Site& site, const Call& call);
Reply get_work(Site& site, const Call& call);
Reply put_sum(Site& site, const Call& call);
Reply put_mask_sum(Site& site, const Call& call);
Reply put_mask_refusal(Site& site, const Call& call);
Reply put_abandon(Site& site, const Call& call);
Reply put_void(Site& site, const Call& call);
Reply put_readiness(Site& site, const Call& call);

}  // namespace tributary::cloud::server
