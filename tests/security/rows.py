"""Where each row of the threat catalogue is tried: its number, what it is about, and the tests."""

from __future__ import annotations

MATRIX = "tests/security/test_matrix.py::test_who_may_use_an_address"
SOCKETS = "tests/security/test_sockets.py::"
ROWS_HERE = "tests/security/test_rows.py::"
PAGES, OPERATIONS = "tests/house/test_page_rules.py::", "tests/house/test_api_rules.py::"
HOOKS, CANARIES = "tests/providers/test_hooks.py::", "tests/security/test_canaries.py::"
BUTTONS = "tests/providers/test_slack_hook.py::"
OUTBOUND, GUARD = "tests/security/test_outbound_rows.py::", "tests/providers/test_outbound.py::"
SIGN_IN, TOKENS = "tests/accounts/test_sign_in.py::", "tests/accounts/test_tokens.py::"
STARTING, CROSSING = "tests/rollbacks/test_starting_races.py::", "tests/rollbacks/test_crossing_races.py::"
COUNTING, GLASS = "tests/approvals/test_counting.py::", "tests/approvals/test_break_glass.py::"
RULES, RECORD = "tests/rollbacks/test_rules.py::", "tests/instance/test_record_rights.py::"

# Row → what it is about, and the tests that try it.
TRIED: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("somebody else's things by their id", (MATRIX,)),
    2: ("ids mixed in bodies and paths", (
        "tests/accounts/test_api.py::test_foreign_and_unknown_references_get_the_same_answer",
        "tests/house/test_catalogue.py::test_no_reference_can_cross_from_one_organisation_to_another",
    )),
    3: ("filters and orders by hidden columns", (
        OPERATIONS + "test_a_parameter_that_is_not_declared_is_refused",
        ROWS_HERE + "test_row_03_lists_are_not_filtered_by_what_nobody_declared",
    )),
    4: ("look-ups smuggled into filters", (
        ROWS_HERE + "test_row_03_lists_are_not_filtered_by_what_nobody_declared",
        ROWS_HERE + "test_row_04_no_request_is_spread_into_a_query",
    )),
    5: ("fields that nobody may give", (
        ROWS_HERE + "test_row_05_a_field_that_nobody_may_give_is_refused_by_every_operation",
        ROWS_HERE + "test_row_05_a_form_takes_no_field_beside_its_own",
    )),
    6: ("copies and imports", (MATRIX,)),
    7: ("rights and people removed while a session is open", (
        SIGN_IN + "test_a_deactivated_person_is_signed_out_at_the_next_request", MATRIX,
    )),
    8: ("a program that acts with more than its own rights", (
        TOKENS + "test_a_service_never_votes_or_administers", MATRIX,
    )),
    9: ("another organisation's credentials", (
        "tests/house/test_catalogue.py::test_no_reference_can_cross_from_one_organisation_to_another",
    )),
    10: ("odd methods, paths and hosts", (
        SOCKETS + "test_row_10_odd_methods_paths_and_hosts_lead_nowhere",
        SOCKETS + "test_row_10_an_underscore_does_not_pass_for_a_dash",
    )),
    11: ("one's own request", (
        RULES + "test_the_requester_cannot_vote_even_with_a_needed_role",
        COUNTING + "test_a_person_is_counted_once_and_never_for_their_own_question",
        COUNTING + "test_a_second_account_is_a_second_person_only_with_an_address_of_its_own",
    )),
    12: ("a plan that has changed since it was read", (
        STARTING + "test_a_vote_never_counts_for_another_plan",
        CROSSING + "test_a_vote_that_meets_a_new_plan_is_void_or_stale",
    )),
    13: ("the same vote again and again", (STARTING + "test_a_person_who_votes_fifty_times_at_once_votes_once",)),
    14: ("votes that race", (
        STARTING + "test_of_six_last_votes_at_once_for_an_environment_one_starts",
        "tests/approvals/test_voting.py::test_a_withdrawal_that_meets_the_last_vote_is_first_or_too_late",
        "tests/approvals/test_rule_races.py::test_a_vote_and_a_change_of_its_rule_have_one_order",
    )),
    15: ("votes after their time", (STARTING + "test_no_start_counts_a_vote_that_has_expired",)),
    16: ("rights lost between vote and start", (
        STARTING + "test_no_start_counts_the_vote_of_somebody_who_had_lost_the_role_or_left",
        COUNTING + "test_a_vote_counts_with_what_its_person_has_now",
    )),
    17: ("votes by another way in", (
        ROWS_HERE + "test_row_17_votes_and_attempts_are_written_by_their_own_function_alone",
        COUNTING + "test_nobody_can_antedate_a_vote",
    )),
    18: ("rules lowered after the question", (
        "tests/approvals/test_rules.py::test_a_lowered_and_a_retired_rule_take_back_what_they_decided",
        "tests/approvals/test_counting.py::test_what_was_asked_stays_as_it_was",
    )),
    19: ("forms and requests from elsewhere", (
        PAGES + "test_a_form_without_our_own_token_is_refused_everywhere",
        ROWS_HERE + "test_row_19_a_session_is_no_way_into_the_api",
        ROWS_HERE + "test_row_19_a_form_from_another_origin_is_refused",
    )),
    20: ("pages inside other pages", (PAGES + "test_reading_never_breaks_and_carries_every_protection",)),
    21: ("forged and replayed buttons and commands of a chat; nobody votes in one", (
        BUTTONS + "test_what_is_not_signed_by_this_secret_just_now_is_refused_and_not_kept",
        BUTTONS + "test_a_body_that_was_written_anew_is_not_the_one_that_was_signed",
        BUTTONS + "test_what_says_two_things_or_nothing_is_kept_and_refused",
        BUTTONS + "test_a_pressed_button_is_taken_once_acknowledged_with_nothing_and_passed_on",
        BUTTONS + "test_an_answering_address_that_leads_elsewhere_is_forgotten",
    )),
    22: ("links that are opened by machines", (MATRIX,)),
    23: ("texts that look like something else", (
        ROWS_HERE + "test_row_23_what_turns_or_hides_text_is_not_stored_as_a_name",
        "tests/accounts/test_pages.py::test_text_of_people_is_shown_not_run",
    )),
    24: ("decisions about steps instead of an agreement", (
        "tests/rollbacks/test_outside.py::test_adoption_needs_a_second_person_and_is_recorded_as_their_word",
        "tests/rollbacks/test_gates.py::test_nobody_writes_that_a_step_needs_no_agreement_or_has_it",
        "tests/rollbacks/test_gates.py::test_a_forged_agreement_releases_nothing",
    )),
    25: ("acting alone", (
        GLASS + "test_no_token_acts_alone", GLASS + "test_where_it_is_switched_off_nobody_acts_alone",
        GLASS + "test_it_is_for_ones_own_rollbacks_of_that_environment_while_it_lasts",
        GLASS + "test_postgres_lets_it_last_thirty_minutes_whatever_was_written",
    )),
    26: ("starting while it is frozen", (
        "tests/rollbacks/test_races.py::test_no_intent_is_written_after_a_freeze",
        "tests/deployments/test_freezing.py::test_a_freeze_of_all_holds_everywhere_until_two_people_lift_it",
    )),
    27: ("forged deliveries", (HOOKS + "test_whoever_cannot_sign_learns_nothing",)),
    28: ("deliveries without a signature", (HOOKS + "test_whoever_cannot_sign_learns_nothing",)),
    29: ("deliveries that were sent before", (
        HOOKS + "test_the_same_delivery_again_does_nothing_more",
        HOOKS + "test_fifty_deliveries_of_the_same_at_once_are_one",
    )),
    30: ("sizes that are not as told", (
        SOCKETS + "test_row_30_a_size_that_is_not_as_told_is_refused",
        SOCKETS + "test_row_30_a_request_behind_another_is_not_taken_for_its_own",
    )),
    31: ("compressed bodies", (
        SOCKETS + "test_row_31_what_is_compressed_is_never_inflated",
        ROWS_HERE + "test_row_31_an_operation_takes_nothing_compressed",
    )),
    32: ("JSON that breaks readers", (
        HOOKS + "test_odd_bodies_are_kept_and_refused",
        ROWS_HERE + "test_row_32_overgrown_json_is_refused_by_operations_and_hooks",
    )),
    33: ("bodies of another kind", (ROWS_HERE + "test_row_33_a_form_is_no_json_and_a_method_in_it_means_nothing",)),
    34: ("long and many headers", (SOCKETS + "test_row_34_long_headers_cost_little",)),
    35: ("events out of order, from 1970 or of another kind", (
        HOOKS + "test_strange_bodies_are_taken",
        "tests/incidents/test_lifecycle.py::test_what_cannot_be_kept_is_refused_by_its_field",
    )),
    36: ("clients that never finish", (SOCKETS + "test_row_36_slow_clients_hold_up_nobody",)),
    37: ("floods of deliveries", (ROWS_HERE + "test_row_37_a_connection_that_floods_is_slowed_down_and_no_other",)),
    38: ("addresses that are not plainly public", (
        OUTBOUND + "test_row_38_an_address_that_is_not_plainly_public_is_refused_wherever_it_is_entered",
        GUARD + "test_an_address_that_is_not_plainly_public_is_refused",
        GUARD + "test_and_it_is_refused_again_when_a_connection_is_opened",
        GUARD + "test_outbound_allow_opens_nothing_else",
    )),
    39: ("names that lead elsewhere the next time", (
        OUTBOUND + "test_row_39_a_name_is_looked_up_once_and_only_that_address_is_called",
        OUTBOUND + "test_row_39_a_name_that_could_not_be_resolved_is_looked_at_when_it_is_used",
        OUTBOUND + "test_row_39_a_name_with_one_private_address_among_public_ones_is_not_called",
        GUARD + "test_a_name_that_changes_its_address_is_looked_at_when_it_is_used",
        "tests/providers/test_http.py::test_tls_is_checked_for_the_name_though_the_connection_goes_to_an_address",
    )),
    40: ("redirects to the inside", (
        OUTBOUND + "test_row_40_no_redirect_is_followed_by_anything_that_asks",
        GUARD + "test_a_redirect_to_a_private_address_is_not_followed",
    )),
    41: ("other schemes and ports, and answers without an end", (
        OUTBOUND + "test_row_41_an_address_that_people_type_has_its_one_scheme_and_port",
        OUTBOUND + "test_row_41_an_answer_without_an_end_costs_a_check_five_seconds_and_64_kilobytes",
        OUTBOUND + "test_row_41_a_bomb_is_neither_unpacked_nor_kept",
    )),
    42: ("what is sent to typed addresses, and what of their answers is shown", (
        OUTBOUND + "test_row_42_a_typed_address_gets_no_credentials_and_shows_a_few_words",
        OUTBOUND + "test_row_42_ids_stay_inside_their_place_in_a_path",
        OUTBOUND + "test_row_42_nothing_but_the_guarded_modules_opens_connections",
        GUARD + "test_the_environment_cannot_bring_in_a_proxy",
    )),
    54: ("sessions fixed, stolen or outlived", (
        SIGN_IN + "test_signing_out_needs_a_form_and_ends_the_session",
        SIGN_IN + "test_a_new_password_comes_by_mail_and_ends_old_sessions",
        SIGN_IN + "test_working_in_another_organisation_gives_the_session_another_name",
    )),
    55: ("sign-ins that lead away", (SIGN_IN + "test_next_never_leads_away",)),
    56: ("guessing", (
        SIGN_IN + "test_ten_wrong_tries_close_the_door_for_that_account_from_there_only",
        SIGN_IN + "test_tries_are_counted_in_postgres_and_nowhere_else",
        SIGN_IN + "test_an_unknown_address_costs_as_many_hashes_as_a_wrong_password",
        TOKENS + "test_ten_wrong_secrets_close_the_door_for_that_token_from_there_only",
    )),
    57: ("secrets where they do not belong", (
        "tests/providers/test_redaction.py::test_no_form_of_a_secret_is_left",
        CANARIES + "test_no_adapter_tells_the_credentials_it_works_with",
        CANARIES + "test_no_adapter_tells_credentials_that_are_refused",
        CANARIES + "test_a_whole_rollback_tells_no_credential_anywhere",
        CANARIES + "test_a_provider_that_sends_credentials_back_spreads_none_of_them",
        "tests/faults/test_collecting.py::test_a_whole_run_breaks_nothing_and_tells_no_secret",
    )),
    58: ("what a mistake shows", (ROWS_HERE + "test_row_58_a_mistake_shows_a_number_and_nothing_else",)),
    59: ("default secrets and a first start that somebody else uses", (
        SIGN_IN + "test_a_key_that_can_be_guessed_is_refused_outside_a_demo",
        "tests/accounts/test_set_up.py::test_a_guessed_link_is_nothing",
        "tests/accounts/test_races.py::test_the_set_up_link_lets_one_through",
    )),
    60: ("pickles in the broker", (ROWS_HERE + "test_row_60_nothing_but_json_is_taken_from_the_broker",)),
    61: ("forged hints in the broker", (
        "tests/rollbacks/test_tasks.py::test_a_forged_hint_ends_in_silence",
        "tests/rollbacks/test_tasks.py::test_a_hint_for_an_unapproved_rollback_sends_nothing",
    )),
    62: ("caches between people", (SIGN_IN + "test_every_page_of_a_signed_in_person_stays_out_of_caches",)),
    63: ("a record that is changed", (
        RECORD + "test_the_applications_role_cannot_change_the_record",
        RECORD + "test_the_owner_is_stopped_by_the_triggers",
        "tests/timeline/test_anchors.py::test_a_chain_that_was_rewritten_as_a_whole_is_found_by_its_anchor",
    )),
    64: ("work that grows without end", (
        ROWS_HERE + "test_row_64_a_playbook_has_an_end",
        OPERATIONS + "test_every_list_refuses_a_page_that_cannot_be",
    )),
    65: ("flawed packages", (
        "tests/security/test_audit.py::test_a_source_that_does_not_answer_well_is_never_taken_for_clean",
        "tests/security/test_audit.py::test_a_known_flaw_is_named_with_its_number_and_where_it_is_fixed",
    )),
    66: ("an upgrade in the middle of a run", (
        "tests/rollbacks/test_leases.py::test_older_code_takes_no_run_and_says_so",
        "tests/rollbacks/test_leases.py::test_code_that_knows_no_epoch_takes_no_run_either",
    )),
}  # fmt: skip
# Rows that no test tries, and why.
NOT_TRIED: dict[int, str] = {}
