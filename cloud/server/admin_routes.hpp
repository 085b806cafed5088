// What an operator may ask.
#pragma once

#include "cloud/server/route_table.hpp"

namespace tributary::cloud::server {

Reply post_model(Site& site, const Call& call);
Reply list_models(Site& site, const Call& call);
Reply get_model_object(Site& site, const Call& call);
Reply get_model_content(Site& site, const Call& call);
Reply post_task(Site& site, const Call& call);
Reply list_tasks(Site& site, const Call& call);
Reply get_task(Site& site, const Call& call);
Reply stop_task(Site& site, const Call& call);
Reply list_rounds(Site& site, const Call& call);
Reply get_survivors(Site& site, const Call& call);
Reply list_releases(Site& site, const Call& call);
Reply list_gateways(Site& site, const Call& call);
Reply get_status(Site& site, const Call& call);

}  // namespace tributary::cloud::server
