from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from addressbook.models import User

# People are kept in Django's admin; books and what is in them only through the product's own pages and services.
admin.site.register(User, UserAdmin)
