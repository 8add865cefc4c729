# The Pipeline's side, with Mezmo's Terraform provider (mezmo/mezmo). Not planned in our tests.
resource "mezmo_pipeline" "cloudwatch" {
  title = "CloudWatch"
}

resource "mezmo_http_source" "lines" {
  pipeline_id = mezmo_pipeline.cloudwatch.id
  title       = "mezmo-forwarder"
  decoding    = "json"
}

resource "mezmo_access_key" "forwarder" { # its `key` goes into the secret MezmoPipelineKey
  title     = "mezmo-forwarder"
  source_id = mezmo_http_source.lines.id
}

# One request is an array of lines: an event for each.
resource "mezmo_unroll_processor" "lines" {
  pipeline_id = mezmo_pipeline.cloudwatch.id
  inputs      = [mezmo_http_source.lines.id]
  field       = "."
  values_only = true
}

# What the application has written as JSON becomes an object in `line`.
resource "mezmo_parse_processor" "message" {
  pipeline_id = mezmo_pipeline.cloudwatch.id
  inputs      = [mezmo_unroll_processor.lines.id]
  field       = ".line"
  parser      = "json_parser"
}
