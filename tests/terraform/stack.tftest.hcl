# The rendered folder, planned and applied with a mocked provider: no account, no credentials, no network. The checks of
# the provider (names, ranges, policies' JSON) run during the plan; the checks of AWS itself do not.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mock" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:mock" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      arn                = "arn:aws:rds:us-east-1:123456789012:db:mock"
      address            = "mock.rds.amazonaws.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-mock", kms_key_id = "mock", secret_status = "active" }]
    }
  }
  mock_resource "aws_elasticache_replication_group" {
    defaults = {
      arn                      = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:mock"
      primary_endpoint_address = "mock.cache.amazonaws.com"
    }
  }
  mock_resource "aws_elasticache_user" {
    defaults = { arn = "arn:aws:elasticache:us-east-1:123456789012:user:mock" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:us-east-1:123456789012:stream/mock" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" }
  }
  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:us-east-1:123456789012:function:mock"
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/mock/invocations"
    }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
  mock_resource "aws_scheduler_schedule_group" {
    defaults = { arn = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mock" }
  }
}

run "plan" {
  command = plan

  assert {
    condition     = aws_kms_key.main.enable_key_rotation && aws_kms_key.main.deletion_window_in_days == 7
    error_message = "the key is not rotated, or its deletion window is longer than the minimum"
  }
  assert {
    condition     = aws_db_instance.catalog.storage_encrypted && !aws_db_instance.catalog.publicly_accessible
    error_message = "the database is not encrypted, or public"
  }
  assert {
    condition     = aws_db_instance.catalog.skip_final_snapshot && aws_db_instance.catalog.delete_automated_backups && !aws_db_instance.catalog.deletion_protection
    error_message = "destroy would fail at the database, or leave backups or a snapshot"
  }
  assert {
    condition     = aws_db_instance.catalog.manage_master_user_password && aws_db_instance.catalog.password == null
    error_message = "RDS does not manage the master password"
  }
  assert {
    condition     = alltrue([for user in [aws_elasticache_user.writer, aws_elasticache_user.reader, aws_elasticache_user.repair] : user.user_name == user.user_id])
    error_message = "the name of a user with IAM authentication must equal its id"
  }
  assert {
    condition     = length(aws_elasticache_user_group.views.user_ids) >= 4
    error_message = "a user is missing in the cache's user group"
  }
  assert {
    condition     = aws_athena_workgroup.queries.configuration[0].enforce_workgroup_configuration && aws_athena_workgroup.queries.force_destroy
    error_message = "clients could choose the result location, or destroy would fail at the workgroup"
  }
  assert {
    condition     = aws_lambda_function_url.catalog.authorization_type == "AWS_IAM"
    error_message = "the catalog's URL does not require IAM authentication"
  }
  assert {
    condition     = alltrue([for rotation in [aws_secretsmanager_secret_rotation.writer, aws_secretsmanager_secret_rotation.reader, aws_secretsmanager_secret_rotation.maintainer] : rotation.rotation_rules[0].automatically_after_days <= 90])
    error_message = "a password is kept for more than 90 days"
  }
}

run "apply" {
  command = apply

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.main.arn
    error_message = "the alarm topic is not encrypted"
  }
  assert {
    condition = alltrue([
      for alarm in [
        aws_cloudwatch_metric_alarm.processor_late, aws_cloudwatch_metric_alarm.processor_undelivered,
        aws_cloudwatch_metric_alarm.archiver_late, aws_cloudwatch_metric_alarm.catalog_errors,
        aws_cloudwatch_metric_alarm.stream_unread, aws_cloudwatch_metric_alarm.events_rejected,
        aws_cloudwatch_metric_alarm.database_busy, aws_cloudwatch_metric_alarm.cache_evicting,
      ] : alarm.actions_enabled && alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])
    ])
    error_message = "an alarm has no action"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.processor_late.dimensions["FunctionName"] == aws_lambda_function.processor.function_name
    error_message = "the alarm on late batches watches another function"
  }
  assert {
    condition     = contains([for query in aws_cloudwatch_metric_alarm.stream_unread.metric_query : query.return_data], true)
    error_message = "the alarm on an unread stream returns no data"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.database_connections.threshold < 5000 && aws_cloudwatch_metric_alarm.database_connections.threshold > 50
    error_message = "the threshold of the alarm on connections is out of range"
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.overview.dashboard_body).widgets) > 20
    error_message = "the dashboard has too few widgets"
  }
  assert {
    condition     = aws_flow_log.network.vpc_id == aws_vpc.main.id && aws_flow_log.network.traffic_type == "REJECT"
    error_message = "rejected traffic is not logged"
  }

  assert {
    condition     = can(regex("^s3-quarantine-123456789012-[a-z0-9-]+$", aws_s3_bucket.quarantine.bucket))
    error_message = "the bucket's name does not follow the rule"
  }
  assert {
    condition     = aws_lambda_event_source_mapping.processor.event_source_arn == aws_kinesis_stream.events.arn
    error_message = "the processor does not read the stream"
  }
  assert {
    condition     = aws_lambda_event_source_mapping.archiver.event_source_arn == aws_kinesis_stream.events.arn && aws_lambda_event_source_mapping.archiver.maximum_batching_window_in_seconds == 300
    error_message = "the archiver does not read the stream, or in small batches"
  }
  assert {
    condition     = endswith(aws_glue_catalog_table.archive.parameters["storage.location.template"], "/archive/v1/$${dt}")
    error_message = "the table's location template is wrong"
  }
  assert {
    condition     = aws_athena_workgroup.queries.configuration[0].result_configuration[0].output_location == "s3://${aws_s3_bucket.query_results.bucket}/"
    error_message = "query results go to another bucket"
  }
  assert {
    condition     = alltrue([for logging in [aws_s3_bucket_logging.archive, aws_s3_bucket_logging.quarantine, aws_s3_bucket_logging.query_results] : logging.target_bucket == aws_s3_bucket.access_logs.bucket])
    error_message = "access to a bucket is not logged"
  }
  assert {
    condition     = jsondecode(aws_iam_role.schedule.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == aws_scheduler_schedule_group.inventory.arn
    error_message = "other schedule groups can assume the role"
  }
  assert {
    condition     = aws_scheduler_schedule.maintain.target[0].arn == aws_lambda_function.maintain.arn && length(jsondecode(aws_scheduler_schedule.maintain.target[0].input)) == 0
    error_message = "the schedule does not invoke maintain with an empty event"
  }
  assert {
    condition     = aws_lambda_permission.rotate_writer.source_arn == aws_secretsmanager_secret.writer.arn && aws_lambda_permission.rotate_writer.source_account == "123456789012"
    error_message = "other secrets could invoke the rotation"
  }
  assert {
    condition = alltrue([
      for name, arn in {
        WRITER = aws_secretsmanager_secret.writer.arn, READER = aws_secretsmanager_secret.reader.arn, MAINTAINER = aws_secretsmanager_secret.maintainer.arn
      } : aws_lambda_function.migrate.environment[0].variables["PIPEGEN_DATABASE_${name}_SECRET_ARN"] == arn
    ])
    error_message = "`migrate` does not get every login's secret"
  }
  assert {
    condition     = aws_lambda_event_source_mapping.processor.destination_config[0].on_failure[0].destination_arn == aws_s3_bucket.quarantine.arn
    error_message = "batches that Lambda discards do not go to the quarantine"
  }
  assert {
    condition = alltrue([
      for function in [
        aws_lambda_function.archiver, aws_lambda_function.catalog, aws_lambda_function.maintain,
        aws_lambda_function.migrate, aws_lambda_function.processor, aws_lambda_function.rotate,
      ] : function.replace_security_groups_on_destroy
    ])
    error_message = "the network interfaces of a deleted function would keep its security group in use"
  }
  assert {
    condition     = aws_lambda_function.migrate.environment[0].variables["PIPEGEN_DATABASE_MASTER_SECRET_ARN"] == aws_db_instance.catalog.master_user_secret[0].secret_arn
    error_message = "`migrate` does not get the master login"
  }
  assert {
    condition = !anytrue([
      for function in [
        aws_lambda_function.archiver, aws_lambda_function.catalog, aws_lambda_function.maintain, aws_lambda_function.processor,
      ] : contains(keys(function.environment[0].variables), "PIPEGEN_DATABASE_MASTER_SECRET_ARN")
    ])
    error_message = "a function gets the master login without need"
  }
  assert {
    condition     = aws_lambda_invocation.migrate.triggers["code"] == aws_lambda_function.processor.source_code_hash
    error_message = "`migrate` does not run when the code changes"
  }
  assert {
    condition = alltrue([
      for policy in [
        aws_iam_role_policy.archiver_network.policy, aws_iam_role_policy.archiver_work.policy,
        aws_iam_role_policy.catalog_network.policy, aws_iam_role_policy.catalog_work.policy,
        aws_iam_role_policy.maintain_network.policy, aws_iam_role_policy.maintain_work.policy,
        aws_iam_role_policy.migrate_network.policy, aws_iam_role_policy.migrate_work.policy,
        aws_iam_role_policy.processor_network.policy, aws_iam_role_policy.processor_work.policy,
        aws_iam_role_policy.rotate_network.policy, aws_iam_role_policy.rotate_work.policy,
        aws_iam_role_policy.schedule_work.policy, aws_kms_key.main.policy,
        aws_iam_role_policy.flow_logs_write.policy, aws_sns_topic_policy.alarms.policy,
        aws_s3_bucket_policy.access_logs.policy, aws_s3_bucket_policy.archive.policy,
        aws_s3_bucket_policy.quarantine.policy, aws_s3_bucket_policy.query_results.policy,
        aws_vpc_endpoint.s3.policy, aws_vpc_endpoint.secrets.policy,
      ] : length(jsondecode(policy).Statement) > 0
    ])
    error_message = "a policy has no statement"
  }
}
