
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('addressbook', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='addressbook',
            name='last_edition_number',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name='address',
            name='origin',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='addressbook.upload'),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='action',
            field=models.CharField(choices=[('add_group', 'Add recipient group'), ('rename_group', 'Update recipient group'), ('delete_group', 'Delete recipient group'), ('empty_group', 'Delete address all from recipient group'), ('insert_address', 'Insert Address'), ('upload_addresses', 'Add recipient list via Excel file upload'), ('fetch_refused', 'Download refused rows'), ('delete_address', 'Delete address'), ('remove_from_group', 'Delete address from recipient group'), ('change_group', 'Change recipient group'), ('reset_book', 'Initialize address book'), ('undo_reset', 'Undo reset of address book'), ('merge_addresses', 'Merge addresses after undo of reset'), ('erase_copy', 'Erase recovery copy at once'), ('erase_edition', 'Erase contents of address book'), ('erase_traces', 'Erase traces of addresses'), ('create_book', 'Create address book'), ('adopt_book', 'Adopt address book'), ('change_book', 'Change address book settings'), ('add_member', 'Add member'), ('change_member', 'Change member'), ('remove_member', 'Remove member'), ('cancel_job', 'Cancel job'), ('access_refused', 'Access refused')], max_length=30),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('delete_addresses', 'Delete addresses'), ('edit_groups', 'Edit group'), ('remove_from_group', 'Remove from group'), ('empty_group', 'Empty group'), ('delete_group', 'Delete group'), ('merge_editions', 'Merge addresses'), ('erase_traces', 'Erase all traces')], max_length=20),
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requester', models.CharField(max_length=150)),
                ('requested_from', models.GenericIPAddressField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('checked', 'Checked'), ('complete', 'Complete'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('refused', 'Refused')], default='waiting', max_length=9)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('fruitless_attempts', models.PositiveSmallIntegerField(default=0)),
                ('announced_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('cursor', models.BigIntegerField(null=True)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('rows_total', models.PositiveIntegerField(default=0)),
                ('outcome', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='addressbook.edition')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ('waiting', 'running'))), models.Q(models.Q(('state__in', ('waiting', 'running')), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='erasure_finished_when_over'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_until__isnull', True)), _connector='OR'), name='erasure_leased_while_running'), models.UniqueConstraint(fields=('edition',), name='erasure_once_per_edition')],
            },
        ),
    ]
