-- The sample CRM: the sales and support records of Vorlane Systems, an invented maker of line-monitoring sensors.
-- Valid in SQLite and in PostgreSQL 15. Load this file first, then data.sql. "Today" in it is 2026-11-20.

create table crm_user (
    id    text primary key,
    name  text not null,
    email text not null,
    title text,
    role  text not null,               -- sales, manager, support
    team  text not null                -- DACH, UK, FR, US, Support
);

create table account (
    id             text primary key,
    name           text not null,
    industry       text,
    website        text,
    phone          text,
    street         text,
    city           text,
    postal_code    text,
    country        text,
    employees      integer,
    annual_revenue numeric(14,2),
    currency       text,
    type           text,               -- Prospect, Customer, Partner, Former Customer
    owner_id       text not null references crm_user (id),
    team           text,
    description    text,
    language       text,
    ai_summary     text,
    updated_at     timestamp not null,
    version        integer not null
);

create table contact (
    id           text primary key,
    account_id   text not null references account (id),
    salutation   text,
    first_name   text,
    last_name    text not null,
    title        text,
    email        text,
    phone        text,
    mobile       text,
    language     text,
    gender       text,                 -- f, m, x, or unknown: null
    do_not_email boolean not null,
    owner_id     text not null references crm_user (id),
    team         text,
    description  text,
    ai_summary   text,
    updated_at   timestamp not null,
    version      integer not null
);

create table lead (
    id           text primary key,
    salutation   text,
    first_name   text,
    last_name    text not null,
    company      text,
    title        text,
    email        text,
    phone        text,
    country      text,
    status       text not null,        -- New, Contacted, Nurturing, Qualified, Unqualified
    source       text,
    rating       text,                 -- Hot, Warm, Cold
    owner_id     text not null references crm_user (id),
    team         text,
    description  text,
    language     text,
    do_not_email boolean not null,
    ai_summary   text,
    created_at   timestamp not null,
    updated_at   timestamp not null,
    version      integer not null
);

create table opportunity (
    id                 text primary key,
    account_id         text not null references account (id),
    primary_contact_id text references contact (id),
    name               text not null,
    stage              text not null,  -- Prospecting, Qualification, Needs Analysis, Proposal, Negotiation, Closed Won, Closed Lost
    amount             numeric(12,2),
    currency           text,
    probability        integer,
    close_date         date,
    stage_since        date,
    next_step          text,
    type               text,           -- New Business, Expansion, Renewal
    lead_source        text,
    competitor         text,
    owner_id           text not null references crm_user (id),
    team               text,
    description        text,
    ai_summary         text,
    created_at         timestamp not null,
    updated_at         timestamp not null,
    version            integer not null
);

create table support_case (
    id          text primary key,
    account_id  text not null references account (id),
    contact_id  text references contact (id),
    subject     text not null,
    status      text not null,         -- New, Open, Waiting for Customer, Escalated, Closed
    priority    text,                  -- Low, Medium, High, Critical
    origin      text,                  -- E-mail, Phone, Portal
    opened_at   timestamp not null,
    closed_at   timestamp,
    owner_id    text not null references crm_user (id),
    team        text,
    description text,
    ai_summary  text,
    updated_at  timestamp not null,
    version     integer not null
);

create table activity (
    id          text primary key,
    what_type   text not null,         -- opportunity, account, lead, case, contact
    what_id     text not null,
    who_id      text references contact (id),
    kind        text not null,         -- call, email, meeting, note
    direction   text,                  -- inbound, outbound, internal
    subject     text,
    body        text,
    owner_id    text references crm_user (id),
    occurred_at timestamp not null,
    updated_at  timestamp not null
);
create index activity_what on activity (what_type, what_id);
create index activity_who on activity (who_id);

create table task (
    id         text primary key,
    what_type  text not null,
    what_id    text not null,
    subject    text not null,
    status     text not null,          -- open, done
    due_date   date,
    owner_id   text references crm_user (id),
    updated_at timestamp not null
);
create index task_what on task (what_type, what_id);
