/* types.h: the variants that connector.c lists. */
#ifndef CONNECTORS_TYPES_H
#define CONNECTORS_TYPES_H

#include "connector.h"

extern const struct connector_type connector_sqlite;
extern const struct connector_type connector_postgres;
extern const struct connector_type connector_rest;

#endif
